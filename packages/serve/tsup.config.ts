import { library } from '../../tools/tsup.js'

export default library(['src/index.ts', 'src/client.ts', 'src/redis.ts', 'src/s3.ts'])
