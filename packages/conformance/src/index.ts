export { type CaseBody, type OpCase, defaultGradientTolerance, defaultTolerance } from './case.js'
export {
  type BackendCheck,
  type ModelCheck,
  type ModelCheckOptions,
  backendChecks,
  missingEncoding,
  gradientId,
  modelChecks,
  suites,
} from './checks.js'
export { cases } from './cases/cases.js'
export {
  type CheckpointLike,
  type ExpectedTensor,
  type LoadedFixture,
  type TensorsLike,
  readFixture,
} from './models/fixture.js'
export { type Exception } from './exception.js'
export { FixtureModel, type FormOptions } from './models/fixture-model.js'
export { type Fixture, type FixtureOutput, fixtures } from './models/fixtures.js'
export { tinyModel } from './models/tiny-model.js'
export { tinySpec } from './models/tiny-spec.js'
export { primitive } from './primitive.js'
export { type Difference, difference, isWithin, largest, requireWithin, showDifference } from './run/difference.js'
export { differentiate, gradientGraph, hasGradient } from './run/differentiate.js'
export { evaluate, withProgram } from './run/evaluate.js'
export { caseGraph, prepare } from './run/prepare.js'
export { type CaseTime, type TimeOptions, showTimes, timeCase } from './run/time.js'
export { encodeWeight, halfBits } from './values/encode.js'
export { type MakeValues, type MaskKind, counting, ids, listed, mask, targets, uniform } from './values/make.js'
export { random } from './values/random.js'
