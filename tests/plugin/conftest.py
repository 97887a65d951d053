collect_ignore = ["acme-dsr"]  # a distribution of its own: its tests run where it is installed
