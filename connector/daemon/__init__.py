"""The daemon: runs jobs by their timetable, once each, and tells how it is."""
