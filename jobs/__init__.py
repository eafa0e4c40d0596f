SUPERVISOR_VARIABLE = "JOBS_SUPERVISOR"
"""Environment variable that tells a worker process whose child it is: the id of a WorkerBeat."""
