"""The toolkits of an office, one module each; how one is written stands in `discretion.envs.toolkit`."""
