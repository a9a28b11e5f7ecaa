"""Which labels are where: the label tree, the catalog file, and the labels of a snapshot's columns. Pure."""
