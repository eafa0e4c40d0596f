"""The engine that converts, and the jobs it is given."""

from pathlib import Path
from typing import Any

from voiceproject.settings.place import VAR_DIR, env

REDIS_URL = env.str("REDIS_URL", "")  # carries hints and counts tries; nothing is lost with it

# The conversion engine.
ASSETS_DIR = Path(env.str("ASSETS_DIR", str(VAR_DIR / "assets")))
ASSETS_BASE_URL = env.str("ASSETS_BASE_URL", "")  # a mirror of the model hub; empty: the hub itself
FEATURE_CACHE_DIR = VAR_DIR / "cache" / "features"
FEATURE_CACHE_MB = env.int("FEATURE_CACHE_MB", 2048)
RVC_DEVICE = env.device("RVC_DEVICE")
RVC_THREADS = env.int("RVC_THREADS", 0)  # 0: as many as the machine has cores, divided by the workers
RVC_MEMORY_MB = env.int("RVC_MEMORY_MB", 3072)

# Jobs. The row is the truth; the queue carries hints. See jobs/models.py.
WORKERS = env.int("WORKERS", 1)
IMPORT_WORKERS = env.int("IMPORT_WORKERS", 1)  # they wait for other servers: no conversion waits behind them
CONVERSION_QUEUE = env.str("CONVERSION_QUEUE", "cpu")  # gpu: where machines with and without one work side by side
WORKER_QUEUES = env.list("WORKER_QUEUES", default=[]) or sorted({"cpu", "import", CONVERSION_QUEUE})
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", 15)
JOB_BEAT_SECONDS = 1.0  # how often a worker renews its lease, writes its progress and hears of a cancel
JOB_TICK_SECONDS = 2.0  # how often the supervisor looks after its cluster and all leases
JOB_HINT_SECONDS = 10  # a waiting job of which the queue has not heard for so long gets another hint
JOB_STALL_SECONDS = 30  # work is due, a worker is free, and nothing was claimed for so long: start the cluster anew
JOB_MAX_ATTEMPTS = env.int("JOB_MAX_ATTEMPTS", 3)
JOB_PUT_OFF_TIMES = 12  # while the storage is away: 5 s, 10 s, ... 10 min, about an hour in all
JOB_TIMEOUT_SECONDS = env.int("JOB_TIMEOUT_SECONDS", 3600)
RETENTION_DAYS = env.int("RETENTION_DAYS", 0)  # conversions whose owner wishes nothing else; 0: they stay
FORGET_MINUTES = env.int("FORGET_MINUTES", 10)  # how often the supervisor has those deleted whose time is over
JOB_EVENT_DAYS = env.int("JOB_EVENT_DAYS", 30)  # how long is told what happened to each job; 0: for good
# Who does the work of a conversion: one for each place that its recording may come from.
CONVERSION_TASKS = {"recording": "conversions.tasks.convert", "speech": "tts.tasks.speak"}
STREAM_WAIT_SECONDS = 300  # whoever listens to a conversion while it is made waits so long for its next piece
# Called with a job and its new state, in the transaction that changes it.
JOB_LISTENERS = ["webhooks.telling.tell", "conversions.batches.ending.note"]
SWEEP_MINUTES = env.int("SWEEP_MINUTES", 60)  # how often the supervisor has files removed that belong to nothing
Q_CLUSTER: dict[str, Any] = {
    "name": "voiceproject",
    "orm": "default",
    "broker_class": "jobs.hints.RedisHints" if REDIS_URL else None,
    "workers": WORKERS,
    "queue_limit": WORKERS,
    "bulk": 1,
    "poll": 0.5,
    "timeout": JOB_TIMEOUT_SECONDS,
    "retry": JOB_TIMEOUT_SECONDS * 4,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "catch_up": False,
    "scheduler": False,
    "recycle": 1000,
    "ALT_CLUSTERS": {},  # one for each queue, all alike; jobs/queues.py names them
}
