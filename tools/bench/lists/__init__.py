"""`manage.py bench lookup`: the pages that people look at, among ten thousand rows and among millions."""
