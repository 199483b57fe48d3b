/** An amount in the currency's minor units (cents, yen): always an integer, never negative. */
export interface Money {
  amount: number;
  currency: string;
}

export function sameMoney(one: Money, other: Money): boolean {
  return one.amount === other.amount && one.currency === other.currency;
}
