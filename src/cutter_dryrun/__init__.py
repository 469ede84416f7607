"""The cutter's own rehearsal: its scenarios, its matrix, its statements. The only package that knows both houses."""
