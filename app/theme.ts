import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

const pine: MantineColorsTuple = [
  '#e8f6f4',
  '#d3ebe7',
  '#a6d6cf',
  '#76c0b5',
  '#4fae9f',
  '#359f90',
  '#1f8d7e',
  '#11796c',
  '#0b695e',
  '#06574e',
];

/** Greys of the dark scheme, in the hue of the page. */
const night: MantineColorsTuple = [
  '#e6eeec',
  '#b9c8c5',
  '#8fa19e',
  '#5d6e6b',
  '#3b4a47',
  '#26322f',
  '#202b29',
  '#18211f',
  '#131b19',
  '#101716',
];

export const theme = createTheme({
  colors: { pine, dark: night },
  primaryColor: 'pine',
  primaryShade: { light: 8, dark: 7 },
  fontFamily: 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.625rem', lineHeight: '1.25' } } },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
});

/** Colours by what they say. Each text colour has a contrast of at least 4.5 on `canvas` and on `surface`. */
const light = {
  '--canvas': '#f5f7f7',
  '--surface': '#ffffff',
  '--line': '#dfe5e5',
  '--ink': '#14211f',
  '--ink-soft': '#53625f',
  '--accent': '#0b695e',
  '--accent-fill': '#11796c',
  '--track': '#e3eae9',
  '--good': '#1b7038',
  '--good-tint': '#e4f4e9',
  '--warn': '#8a5100',
  '--warn-tint': '#fdf0dc',
  '--bad': '#b02a20',
  '--bad-tint': '#fce9e7',
  '--quiet-tint': '#edf1f1',
};

const dark: Record<keyof typeof light, string> = {
  '--canvas': '#101716',
  '--surface': '#18211f',
  '--line': '#2b3836',
  '--ink': '#e6eeec',
  '--ink-soft': '#9fb0ad',
  '--accent': '#5ec7b7',
  '--accent-fill': '#359f90',
  '--track': '#2b3836',
  '--good': '#6fd08f',
  '--good-tint': '#17321f',
  '--warn': '#f0b660',
  '--warn-tint': '#3a2a10',
  '--bad': '#ff9388',
  '--bad-tint': '#40201d',
  '--quiet-tint': '#242f2d',
};

const ofMantine = {
  '--mantine-color-body': 'var(--surface)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--ink-soft)',
  '--mantine-color-placeholder': 'var(--ink-soft)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-default-border': 'var(--line)',
  '--mantine-color-error': 'var(--bad)',
};

export const colours: CSSVariablesResolver = () => ({
  variables: {},
  light: { ...light, ...ofMantine },
  dark: { ...dark, ...ofMantine },
});
