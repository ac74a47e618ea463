/** The public surface for scenarios: the format, its runner, expectations, the console. */
export { decodeScript, type ConformanceScript, type ScriptError } from './conformance/decode-script.js'
export { runScript, type ScriptRun } from './conformance/run-script.js'
export type { Trace } from './conformance/trace.js'
