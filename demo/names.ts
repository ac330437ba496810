/** Small lists of our own; any likeness to a person is chance. */
// biome-ignore format: a list reads better as a block
export const familyNames = [
  'Abara', 'Alder', 'Amari', 'Ashby', 'Bakker', 'Baptiste', 'Bello', 'Birch', 'Brandt', 'Castell', 'Chen',
  'Clearwater', 'Cordova', 'Dahl', 'Delacroix', 'Dunmore', 'Eastman', 'Espinar', 'Farrow', 'Fenwick', 'Galindo',
  'Garrity', 'Hale', 'Harrow', 'Hollis', 'Ibarra', 'Inoue', 'Jessup', 'Kaplan', 'Kimura', 'Kowal', 'Lark', 'Linden',
  'Lozano', 'Maddox', 'Marchetti', 'Mbeki', 'Moreno', 'Nakai', 'Navarro', 'Novak', 'Okafor', 'Oldham', 'Park',
  'Penrose', 'Quill', 'Rao', 'Reyes', 'Rowan', 'Sandoval', 'Sayegh', 'Stroud', 'Tanaka', 'Thorne', 'Tran',
  'Underhill', 'Valdez', 'Voss', 'Ward', 'Weller', 'Whitlock', 'Yazzie', 'Yoon', 'Zielinski',
] as const;

// biome-ignore format: a list reads better as a block
export const givenNames = {
  female: [
    'Ada', 'Alma', 'Amina', 'Beatriz', 'Bethany', 'Carla', 'Celia', 'Dana', 'Delia', 'Edith', 'Elena', 'Esther',
    'Faye', 'Grace', 'Hana', 'Imani', 'Iris', 'Jade', 'June', 'Kira', 'Leona', 'Lucia', 'Mabel', 'Maya', 'Nadia',
    'Nora', 'Olive', 'Paloma', 'Priya', 'Rosa', 'Ruth', 'Sana', 'Selma', 'Tessa', 'Uma', 'Vera', 'Willa', 'Ximena',
    'Yara', 'Zora',
  ],
  male: [
    'Abel', 'Amir', 'Anton', 'Basil', 'Caleb', 'Cyrus', 'Dario', 'Desmond', 'Elias', 'Emil', 'Felix', 'Gideon', 'Hugo',
    'Idris', 'Ivan', 'Jonas', 'Julian', 'Kenji', 'Leon', 'Linus', 'Malik', 'Marco', 'Milo', 'Nils', 'Omar', 'Orson',
    'Pablo', 'Quentin', 'Rafael', 'Ravi', 'Silas', 'Stefan', 'Tariq', 'Theo', 'Ugo', 'Victor', 'Wendell', 'Xavier',
    'Yusuf', 'Zeno',
  ],
} as const;

export const streets = [
  'Aspen',
  'Bridge',
  'Canal',
  'Depot',
  'Elm',
  'Foundry',
  'Grove',
  'Hill',
  'Mill',
  'Orchard',
  'River',
] as const;

/** Towns that don't exist, with postal codes that the US Postal Service doesn't use. */
export const towns = [
  ['Fernhollow', '00101'],
  ['Millbrook Falls', '00102'],
  ['Port Larkin', '00103'],
  ['Stonebridge', '00104'],
  ['Willow Bend', '00105'],
] as const;
