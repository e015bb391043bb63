/**
 * The keep-alive delay of clients and upstreams: a peer that vanished without a FIN or RST is noticed after this and
 * the kernel's nine probes (tcp(7)).
 */
export const keepAliveInitialDelayMs = 60_000;
