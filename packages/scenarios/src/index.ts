/** The public surface for scenarios: the format, its runner, expectations, the console. */
export {}
