"""Everything that outlives the process: the database contract, drivers, the core's stores."""
