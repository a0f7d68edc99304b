"""Figures for Prometheus."""

import pytest

from server.meters import Meters


def test_counters_are_told_apart_by_labels() -> None:
    meters = Meters()
    stanzas = meters.counter("stanzas", "Stanzas", labels=("kind",))
    messages = stanzas.at("message")
    messages.value += 2
    stanzas.at("message").value += 1
    stanzas.at("iq")
    lines = meters.render().decode().splitlines()
    assert 'skerry_stanzas_total{kind="message"} 3.0' in lines
    assert 'skerry_stanzas_total{kind="iq"} 0.0' in lines
    assert "# HELP skerry_stanzas_total Stanzas" in lines


def test_a_gauge_is_read_when_somebody_asks() -> None:
    meters, sessions = Meters(), [1, 2]
    meters.gauge("sessions", "Sessions", lambda: len(sessions))
    sessions.append(3)
    assert "skerry_sessions 3.0" in meters.render().decode().splitlines()


def test_a_histogram_counts_into_buckets() -> None:
    meters = Meters()
    took = meters.histogram("took_seconds", "Time", bounds=(0.1, 1))
    for value in (0.05, 0.1, 0.5, 7):
        took.observe(value)
    lines = meters.render().decode().splitlines()
    assert 'skerry_took_seconds_bucket{le="0.1"} 2.0' in lines
    assert 'skerry_took_seconds_bucket{le="1"} 3.0' in lines
    assert 'skerry_took_seconds_bucket{le="+Inf"} 4.0' in lines
    assert "skerry_took_seconds_count 4.0" in lines
    assert "skerry_took_seconds_sum 7.65" in lines


def test_names_and_labels_are_checked() -> None:
    meters = Meters()
    counter = meters.counter("one", "One", labels=("kind",))
    with pytest.raises(ValueError, match="has the labels"):
        counter.at()
    with pytest.raises(ValueError, match="two meters of the name one"):
        meters.gauge("one", "One", lambda: 0)


def test_the_process_is_measured_too() -> None:
    assert "process_start_time_seconds" in Meters().render().decode()
