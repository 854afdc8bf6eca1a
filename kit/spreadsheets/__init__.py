"""Reading an XLSX workbook in a process of its own (`child`), so that whatever a file does to its reader ends that process and
nothing else. Plain Python: Django is not loaded there."""
