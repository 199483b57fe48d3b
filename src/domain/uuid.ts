/** The pattern of the ids that the database makes, without anchors. The function `event_id_of` has the same. */
export const UUID_FORM = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const WHOLE = new RegExp(`^${UUID_FORM}$`);

/** Whether a text has the form of an id that the database made. */
export const isUuid = (text: string): boolean => WHOLE.test(text);
