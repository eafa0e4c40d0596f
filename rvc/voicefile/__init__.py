"""Voice files and index files as data: hostile bytes in, plain facts and arrays out. Nothing here needs torch."""
