// Pages that nobody would write, the same ones every time: elements, roles, labels and hidden parts in any combination.

const words = ['Save', 'Cancel', 'Your name', 'E-mail', '3 items', 'Hello  world', 'x', 'Terms &amp; &quot;conditions&quot;', '100', 'a: b', '- dash', '[x]', 'true',
  'Long text that goes on and on for quite a while so that it has to be cut somewhere in the middle of it'];
const tags = `div span p button a input input input textarea select label h1 h3 ul ol li table nav main section article aside header footer form fieldset details img
  svg progress meter output dialog figure em strong code time b i dl menu hr blockquote datalist`.split(/\s+/);
const roles = `button link checkbox radio tab tabpanel heading list listitem textbox combobox menuitem img presentation none group region alert dialog switch treeitem option
  row cell grid searchbox slider foo`.split(/\s+/);
const types = 'text checkbox radio submit button image file number range search email password hidden color date reset'.split(' ');
const empty = new Set(['input', 'img', 'hr']);

export function randomPage(seed) {
  let count = 0;
  const below = n => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) % n;
  };
  const pick = list => list[below(list.length)];
  const word = () => pick(words);
  const other = () => `e${1 + below(count + 3)}`;
  const flag = () => pick(['true', 'false']);

  const common = [
    [15, () => `role="${pick(roles)}"`], [12, () => `aria-label="${word()}"`], [8, () => `aria-labelledby="${other()} ${other()}"`],
    [6, () => `aria-describedby="${other()}"`], [10, () => `title="${word()}"`], [6, () => `aria-hidden="${flag()}"`],
    [5, () => 'hidden'], [4, () => 'style="display:none"'], [4, () => 'style="visibility:hidden"'], [3, () => 'style="display:contents"'],
    [3, () => 'style="display:inline-block"'], [5, () => 'disabled'], [4, () => `aria-disabled=${flag()}`], [5, () => `aria-expanded=${flag()}`],
    [4, () => `aria-pressed=${pick(['true', 'false', 'mixed'])}`], [4, () => `aria-selected=${flag()}`], [5, () => `aria-checked=${pick(['true', 'false', 'mixed'])}`],
    [4, () => `aria-level=${1 + below(4)}`], [4, () => 'tabindex=0'], [3, () => `aria-owns=${other()}`], [4, () => `data-testid="${pick(['one', 'two'])}"`],
    [5, () => `class="${pick(['a', 'b c', 'before'])}"`], [3, () => 'contenteditable'], [3, () => 'aria-invalid=true'], [3, () => `aria-description="${word()}"`],
  ];
  const special = {
    a: [[70, () => 'href="#x"']],
    input: [[100, () => `type=${pick(types)}`], [40, () => `value="${word()}"`], [30, () => `placeholder="${word()}"`], [30, () => 'checked'], [20, () => `alt="${word()}"`],
      [20, () => `name=n${below(3)}`], [10, () => 'readonly']],
    textarea: [[40, () => `placeholder="${word()}"`]],
    label: [[60, () => `for=${other()}`]],
    img: [[60, () => `alt="${pick([...words, ''])}"`]],
    details: [[60, () => 'open']],
    dialog: [[60, () => 'open']],
    select: [[20, () => 'multiple']],
  };
  const content = {
    select: () => '<option>One<option selected>Two<optgroup label=G><option>Three</optgroup>',
    table: () => `<caption>${word()}</caption><tr><th${below(3) ? '' : ' scope=row'}>${word()}<td>${word()}</tr>`,
    fieldset: depth => `<legend>${word()}</legend>${children(depth)}`,
    figure: depth => `<figcaption>${word()}</figcaption>${children(depth)}`,
    details: depth => `<summary>${word()}</summary>${children(depth)}`,
    svg: () => (below(2) ? '<title>Picture</title>' : '<g><text>t</text></g>'),
    ul: depth => `<li>${children(depth)}</li><li>${word()}</li>`,
    dl: () => '<dt>term</dt><dd>def</dd>',
    textarea: () => (below(2) ? word() : ''),
    datalist: () => '<option>q',
  };
  function element(depth) {
    const tag = pick(tags);
    let head = `<${tag} id=e${++count}`;
    for (const [chance, attribute] of [...common, ...special[tag] ?? []]) if (below(100) < chance) head += ` ${attribute()}`;
    return empty.has(tag) ? `${head}>` : `${head}>${(content[tag] ?? children)(depth)}</${tag}>`;
  }
  function children(depth) {
    let html = below(3) ? word() : '';
    for (let left = depth > 3 ? 0 : below(4); left; left--) html += element(depth + 1) + (below(3) ? '' : ` ${word()}`);
    return html;
  }
  const style = '<!DOCTYPE html><style>.before::before { content: "pre" } .a::after { content: "post"; display: block }</style>';
  return style + Array.from({ length: 3 }, () => element(0)).join('');
}
