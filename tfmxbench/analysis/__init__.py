"""Estimates, comparisons and verdicts: functions of records, source files and tasks."""
