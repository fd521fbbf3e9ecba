/* Line numbers in the editor, copying, and a clean that goes on by itself. Without this file all pages still work. */
'use strict';
{
    function announce(button, succeeded) {
        const text = button.dataset.text ?? button.textContent;
        const name = button.dataset.name ?? button.getAttribute('aria-label') ?? text;
        Object.assign(button.dataset, {text, name});
        button.textContent = succeeded ? '✓' : '✗';
        button.setAttribute('aria-label', `${name}: ${button.textContent}`);
        setTimeout(() => {
            button.textContent = text;
            button.setAttribute('aria-label', name);
        }, 1200);
    }

    function copyTheOldWay(text) {
        const area = document.createElement('textarea');
        area.value = text;
        document.body.append(area);
        area.select();
        const succeeded = document.execCommand('copy');
        area.remove();
        if (!succeeded) {
            throw new Error('copying was refused');
        }
    }

    async function copy(button) {
        try {
            let text = button.dataset.copy;
            if (button.dataset.copyFrom) {
                const response = await fetch(button.dataset.copyFrom, {credentials: 'same-origin'});
                if (!response.ok) {
                    throw new Error(response.statusText);
                }
                text = await response.text();
            }
            if (navigator.clipboard) {
                await navigator.clipboard.writeText(text);
            } else {
                copyTheOldWay(text);
            }
            announce(button, true);
        } catch {
            announce(button, false);
        }
    }

    function pointerOf(node) {
        let pointer = '';
        for (let at = node; at; at = at.parentElement.closest('[data-token]')) {
            pointer = at.dataset.token + pointer;
        }
        return node.closest('[data-pointer]').dataset.pointer + pointer;
    }

    function addPointers(holder) {
        for (const node of holder.querySelectorAll('[data-token]')) {
            const button = document.createElement('button');
            button.type = 'button';
            button.className = 'state-pointer';
            button.dataset.copy = pointerOf(node);
            button.title = `${holder.dataset.pointers}: ${button.dataset.copy}`;
            button.setAttribute('aria-label', button.title);
            node.prepend(button);
        }
    }

    function numberLines(area) {
        const gutter = document.createElement('div');
        gutter.className = 'state-gutter';
        gutter.setAttribute('aria-hidden', 'true');
        area.before(gutter);
        const wrong = Number(area.dataset.mistakeLine);
        let shown = 0;
        const draw = () => {
            const count = area.value.split('\n').length;
            if (count === shown) {
                return;
            }
            shown = count;
            gutter.style.width = `${String(count).length}ch`;
            const numbers = Array.from({length: count}, (_, at) => at + 1);
            gutter.textContent = numbers.join('\n');
            if (wrong && wrong <= count) {
                const mark = document.createElement('mark');
                mark.textContent = wrong;
                const before = numbers.slice(0, wrong - 1).map((n) => `${n}\n`).join('');
                const after = numbers.slice(wrong).map((n) => `\n${n}`).join('');
                gutter.replaceChildren(before, mark, after);
            }
        };
        const follow = () => { gutter.scrollTop = area.scrollTop; };
        area.addEventListener('input', draw);
        area.addEventListener('scroll', follow);
        draw();
    }

    function showMistake(area) {
        const offset = area.dataset.mistakeOffset;
        if (!offset) {
            return;
        }
        area.focus();
        area.setSelectionRange(Number(offset), Number(offset));
        const lineHeight = parseFloat(getComputedStyle(area).lineHeight);
        area.scrollTop = (Number(area.dataset.mistakeLine) - 4) * lineHeight;
    }

    /* Send the form of a page that has more to do, and put the answer in the place of the page, until all is done. */
    async function goOn(form) {
        form.querySelector('.default').hidden = true;
        const sent = {method: 'POST', body: new FormData(form), redirect: 'manual', credentials: 'same-origin'};
        const response = await fetch(form.action, sent).catch(() => null);
        if (!form.isConnected || form.dataset.stopped) {
            return;
        }
        if (response?.type === 'opaqueredirect') {
            location.assign(location.pathname);
            return;
        }
        const next = response?.ok && new DOMParser().parseFromString(await response.text(), 'text/html');
        const going = next && next.querySelector('#state-under-way');
        if (!going) {
            form.querySelector('.default').hidden = false;
            if (response) {
                form.submit();  // what was answered is another page: ask for it as a page
            }
            return;
        }
        const here = document.querySelector('#state-under-way');
        for (const part of ['.state-progress', '[name=going_on]']) {
            here.querySelector(part).replaceWith(document.adoptNode(going.querySelector(part)));
        }
        if (going.querySelector('[data-goes-on]')) {
            goOn(form);
        } else {
            form.submit();
        }
    }

    document.querySelectorAll('[data-goes-on]').forEach((form) => {
        form.addEventListener('submit', () => { form.dataset.stopped = true; });
        goOn(form);
    });

    document.addEventListener('click', (event) => {
        const button = event.target.closest('[data-copy], [data-copy-from]');
        if (button) {
            event.preventDefault();
            copy(button);
        }
    });
    document.querySelectorAll('.state-copy').forEach((button) => { button.hidden = false; });
    document.querySelectorAll('[data-pointers]').forEach(addPointers);
    document.querySelectorAll('.state-editor textarea').forEach((area) => {
        numberLines(area);
        showMistake(area);
    });
}
