import { library } from '../../tools/tsup.js'

export default library([
  'src/index.ts',
  'src/bpe.ts',
  'src/train.ts',
  'src/chat.ts',
  'src/worker.ts',
  'src/worker-thread.ts',
])
