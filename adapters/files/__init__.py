"""Files as a source: exports of ERPs as CSV and XLSX in a folder."""
