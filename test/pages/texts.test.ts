import { TEXTS, textOf, type TextKey } from '../../src/pages/staff/texts';

const valuesIn = (text: string): string[] => text.match(/\{\w+\}/g)?.sort() ?? [];

describe('The texts of the pages', () => {
  it('name the same values in each language', () => {
    const keys = Object.keys(TEXTS.en) as TextKey[];
    const different = keys.filter(
      (key) => valuesIn(TEXTS.en[key]).join() !== valuesIn(TEXTS.de[key]).join(),
    );
    expect(different).toEqual([]);
  });

  it('put values in as they are', () => {
    expect(textOf('de', 'atGate', { gate: '<b>$&</b>' })).toBe('Eingang <b>$&</b>');
  });
});
