"""The probes of a first connection, which only read: each answers what was seen (`dyntui.model.first_connection`)."""
