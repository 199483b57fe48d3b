import { TEXTS, textOf } from '../../src/pages/staff/texts';
import { SHOP_TEXTS } from '../../src/pages/texts';

const valuesIn = (text: string): string[] => text.match(/\{\w+\}/g)?.sort() ?? [];

describe('The texts of the pages', () => {
  it.each([
    ['the staff', TEXTS.en as Record<string, string>, TEXTS.de as Record<string, string>],
    [
      'the shop and the map',
      SHOP_TEXTS.en as Record<string, string>,
      SHOP_TEXTS.de as Record<string, string>,
    ],
  ])('name the same values in each language: %s', (_, english, german) => {
    expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort());
    const different = Object.keys(english).filter(
      (key) => valuesIn(english[key]!).join() !== valuesIn(german[key]!).join(),
    );
    expect(different).toEqual([]);
  });

  it('put values in as they are', () => {
    expect(textOf('de', 'atGate', { gate: '<b>$&</b>' })).toBe('Eingang <b>$&</b>');
  });
});
