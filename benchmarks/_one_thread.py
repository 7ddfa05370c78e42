"""Imported before NumPy: its BLAS would spin on every core while it waits, and CPU-seconds would count that."""

import os

for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")
