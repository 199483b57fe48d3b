export function closeAnswers<Document>(document: Document): Document;
