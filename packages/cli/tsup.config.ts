import { library } from '../../tools/tsup.js'

export default library(['src/index.ts', 'src/bin.ts', 'src/engine-thread.ts', 'src/text-thread.ts'])
