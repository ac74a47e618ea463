/** The version that a log's header names: a log is only promised to run again under the engine that wrote it. */
export const engineVersion = '0.1.0'
