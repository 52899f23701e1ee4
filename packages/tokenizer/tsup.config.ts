import { library } from '../../tools/tsup.js'

export default library(['src/index.ts', 'src/bpe.ts', 'src/train.ts'])
