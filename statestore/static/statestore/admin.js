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

    /* Numbers beside the lines that can be seen, however many there are. */
    function numberLines(area) {
        const gutter = document.createElement('div');
        gutter.className = 'state-gutter';
        gutter.setAttribute('aria-hidden', 'true');
        area.before(gutter);
        const wrong = Number(area.dataset.mistakeLine);
        const style = getComputedStyle(area);
        const height = parseFloat(style.lineHeight);
        let count = 0;
        const draw = () => {
            const first = Math.floor(area.scrollTop / height) + 1;
            const last = Math.min(count, first + Math.ceil(area.clientHeight / height));
            const lines = Array.from({length: Math.max(last - first + 1, 0)}, (_, at) => {
                const line = document.createElement(first + at === wrong ? 'mark' : 'span');
                line.textContent = first + at;
                return line;
            });
            gutter.replaceChildren(...lines);
            if (lines.length) {
                lines[0].style.marginTop = `${-(area.scrollTop % height)}px`;
            }
        };
        const recount = () => {
            count = area.value.split('\n').length;
            gutter.style.width = `${String(count).length}ch`;
            draw();
        };
        area.addEventListener('input', recount);
        area.addEventListener('scroll', draw);
        new ResizeObserver(draw).observe(area);
        recount();
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
