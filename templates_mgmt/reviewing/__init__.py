"""How a version is reviewed (T4): stages with quorum, due days, delegation, comments in place."""
