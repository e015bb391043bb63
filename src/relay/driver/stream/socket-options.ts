/**
 * Both sides alike: a peer that vanished without a word is found out after this and the kernel's nine probes (tcp(7)).
 */
export const keepAliveInitialDelayMs = 60_000;
