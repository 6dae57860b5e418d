// The page's lightning/uiRecordApi: answers with the scene's record, of which a caller gets the
// fields it asked for, as an org would answer to this reader.
const listeners = new Set();

function fieldsAsked(record, names) {
  const fields = {};
  for (const name of names) {
    const [, first, ...rest] = name.split('.');
    const cell = record.fields[first];
    if (!cell) {
      continue;
    }
    if (rest.length === 0 || !cell.value) {
      fields[first] = cell;
      continue;
    }
    const inner = fieldsAsked(cell.value, [`${cell.value.apiName}.${rest.join('.')}`]);
    const before = fields[first]?.value.fields ?? {};
    const value = { ...cell.value, fields: { ...before, ...inner.fields } };
    fields[first] = { ...cell, value };
  }
  return { ...record, fields };
}

function answer(listener) {
  const { record, error, optionalFields } = { ...globalThis.scene, ...listener.config };
  if (error) {
    listener.callback({ data: undefined, error });
  } else if (record) {
    const names = optionalFields.map((field) =>
      typeof field === 'string' ? field : `${field.objectApiName}.${field.fieldApiName}`
    );
    listener.callback({ data: fieldsAsked(record, names), error: undefined });
  }
}

export class getRecord {
  constructor(callback) {
    this.listener = { callback, config: {} };
  }

  connect() {
    listeners.add(this.listener);
  }

  disconnect() {
    listeners.delete(this.listener);
  }

  update(config) {
    this.listener.config = config;
    if (config.recordId && config.optionalFields) {
      Promise.resolve().then(() => answer(this.listener));
    }
  }
}

export async function notifyRecordUpdateAvailable() {
  globalThis.scene = { ...globalThis.scene, ...globalThis.scene.afterRefresh };
  listeners.forEach(answer);
}
