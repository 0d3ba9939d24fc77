"""Pages without a text layer, read from their image on this machine: rasterise, recognise, make sentences of it."""
