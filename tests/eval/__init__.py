"""The evaluation: how well what looks at pictures sees, in figures and on a sheet. `python3 run.py eval [FOLDER]`"""
