/** What tests of the simulator and of its users' controllers need; nothing outside tests imports it. */
export { deepFreeze } from './deep-freeze.js'
export {
  beginHistory,
  commandsOf,
  heal,
  runHistory,
  setObject,
  takeStep,
  theSet,
  type History,
  type HistoryOptions,
  type OutsideStep,
  type SetShape,
} from './history.js'
export { historyOf, type HistorySort } from './arbitraries/history.js'
export { forceStep, lifeStep, machineryStep, nodeFaultStep, podFaultStep, userStep, waitStep } from './arbitraries/outside-step.js'
export { setShape } from './arbitraries/set-shape.js'
