/** The public surface of the simulator: explicit named exports, in the order of the picture. */
export { engineVersion } from './engine-version.js'
