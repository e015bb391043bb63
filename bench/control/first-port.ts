/**
 * The first of the ports on which Sealane listens for simulated services, of which there are a few thousand at most: they are
 * above those that the kernel gives to clients (ip_local_port_range, ip(7)) and above those of `freePort`. A listener whose
 * port is taken would never open, and the benchmark would wait for it without end.
 */
export const firstPort = 61_000;
