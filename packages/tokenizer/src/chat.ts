/** The entry `@retnet/tokenizer/chat`: chat templates, which need the optional peer `@huggingface/jinja`. */
export {
  applyChatTemplate,
  ChatTemplate,
  type ApplyChatTemplateOptions,
  type ChatMessage,
  type ChatTemplateOptions,
  type Jinja,
} from './chat/chat-template.js'
export { ChatTemplateError, MissingJinjaError } from './chat/errors.js'
export type { ChatTemplateFiles } from './chat/read-templates.js'
