export { S3States, type S3StatesOptions } from './stores/s3/s3-states.js'
export type { S3Credentials } from './stores/s3/s3-requests.js'
