"""The data folder of the embedded mode: one private place for the server, the lanes' secrets and their keys."""
