"""The detectors, a kind a file. A file here exports either `DETECTOR`, a `Structured`, or `detector(tables)`, which
makes a `TextDetector`; `app/detecting.py` finds it. Nothing else has to know of it."""
