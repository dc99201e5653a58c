import { lateFile } from './late-file.ts';
import { lateBatch, lateWriter, longWriter } from './late-writer.ts';
import { followed, passingFaults } from './passing-faults.ts';
import { bulk } from './bulk.ts';
import { controlled } from './controlled.ts';
import { outages } from './outages.ts';
import { planned } from './planned.ts';
import { restored } from './restored.ts';
import {
  deniedForGood,
  editedItems,
  lateDeletions,
  openTables,
  reliedOn,
  replaced,
  takenKeys,
  usedTables,
} from './roll-backs.ts';
import { lateClosing, lostCreation, sourceReplaced, tableGone } from './tables.ts';
import type { Theme } from './theme.ts';

/** By name. A world has one of them, or none. */
export const THEMES: Readonly<Record<string, Theme>> = {
  lateWriter,
  lateBatch,
  longWriter,
  lateFile,
  lostCreation,
  lateClosing,
  tableGone,
  editedItems,
  lateDeletions,
  usedTables,
  takenKeys,
  openTables,
  reliedOn,
  replaced,
  deniedForGood,
  passingFaults,
  followed,
  restored,
  bulk,
  outages,
  planned,
  controlled,
  sourceReplaced,
};

/** Not a theme: an ordinary world with more of everything. Only `--theme dense` draws it. */
export const DENSE = 'dense';
