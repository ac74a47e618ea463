/** The public surface for logs: read, verify, seek, diff, fork, explain. */
export {}
