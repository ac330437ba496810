import { esrdV24 } from './esrd-v24.ts';
import type { HccModel, HccModelId } from './model.ts';
import { rxHccV08 } from './rxhcc-v08.ts';
import { v24 } from './v24.ts';
import { v28 } from './v28.ts';

export const hccModels: Readonly<Record<HccModelId, HccModel>> = {
  V24: v24,
  V28: v28,
  'ESRD-V24': esrdV24,
  'RxHCC-V08': rxHccV08,
};

export function isHccModelId(text: string): text is HccModelId {
  return Object.hasOwn(hccModels, text);
}
